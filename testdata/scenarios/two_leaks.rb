# frozen_string_literal: true
# Leak: two at once, a fast one and one of a fifth of its rate, which have nothing to do with each other.
require_relative "harness"

class Event
  ALL = [] # leak:holder

  def initialize(id)
    @text = "event #{id}: order paid by customer #{id % 97}" # leak:feeder
  end
end

module Locks
  HELD = {} # leak2:holder

  def self.acquire(id)
    HELD[id] = [id, "lock for order #{id}, by worker #{id % 5}"] # leak2:alloc leak2:feeder
  end
end

Harness.run do |id|
  Event::ALL << Event.new(id) # leak:alloc
  Locks.acquire(id) if (id % 5).zero?
end
