# frozen_string_literal: true
# Leak: one small object in ten requests, beside a lot of traffic that stays in bounds.
require_relative "harness"

class Cart
  ABANDONED = {} # leak:holder

  def initialize(id)
    @id = id
  end

  def self.checkout(id)
    cart = new(id) # leak:alloc
    ABANDONED[id] = cart if (id % 10).zero?
  end
end

SESSIONS = {}

Harness.run do |id|
  Cart.checkout(id)
  SESSIONS[id] = Array.new(8) { |i| "item #{i} of session #{id}, in stock" }
  SESSIONS.delete(id - 100)
end
