# frozen_string_literal: true
# No leak: tables that are made at first use, one in each step, and stay.
require_relative "harness"

module Tables
  def self.countries
    @countries ||= Array.new(250) { |i| ["country #{i}", i] }.to_h
  end

  def self.currencies
    @currencies ||= Array.new(180) { |i| "currency number #{i} of the table" }
  end

  def self.zones
    @zones ||= Array.new(300) { |i| { name: "zone #{i}", offset: i * 15 } }
  end

  def self.pattern
    @pattern ||= Regexp.new("order-(\\d+)-#{zones.size}")
  end
end

Harness.run do |id, step|
  Tables.countries
  Tables.currencies if step >= 1
  Tables.zones if id > 2 * Harness::REQUESTS + 150
  Tables.pattern if id > 2 * Harness::REQUESTS + 300
end
