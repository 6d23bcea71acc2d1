# frozen_string_literal: true
# Leak: latencies are kept in one Array, whose tail is read again and again: Ruby lets the two share memory.
require_relative "harness"

LATENCIES = [] # leak:grows

Harness.run do |id|
  5.times { |i| LATENCIES << id % 90 + i }
  tail = LATENCIES.last(50)
  tail.sum / tail.size
end
