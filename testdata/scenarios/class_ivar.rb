# frozen_string_literal: true
# Leak: a class remembers all it has seen in an instance variable made at first use.
require_relative "harness"

class Visitor
  def self.seen
    @seen ||= [] # leak:holder
  end

  def self.arrive(id)
    seen << new("10.0.#{id % 256}.#{id % 199}") # leak:alloc leak:feeder
  end

  def initialize(address)
    @address = address
    @hits = [address] # leak:feeder
  end
end

Harness.run { |id| Visitor.arrive(id) }
