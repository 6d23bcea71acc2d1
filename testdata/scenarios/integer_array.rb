# frozen_string_literal: true
# Leak: latencies are kept as integers in one Array; there are no new objects.
require_relative "harness"

class Stats
  def initialize
    @latencies = [] # leak:grows
  end

  def observe(id)
    10.times { |i| @latencies << id % 90 + i }
  end
end

STATS = Stats.new

Harness.run { |id| STATS.observe(id) }
