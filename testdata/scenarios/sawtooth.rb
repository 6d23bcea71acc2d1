# frozen_string_literal: true
# No leak: batches that rise and fall; the dumps meet a small one, a middle one and a large one in flight.
require_relative "harness"

class Line
  def initialize(id, number)
    @text = "line #{number} of order #{id}, two pieces"
  end
end

BATCH = []
# A batch is thrown away when it has taken so many requests; the last one of each step is in flight.
LENGTHS = [[290, 290], [200, 200], [100, 50]].freeze

Harness.run do |id, step|
  at = (id - 1) % Harness::REQUESTS
  first, second = LENGTHS[step]
  BATCH.clear if at.zero? || at == first || at == first + second
  4.times { |i| BATCH << Line.new(id, i) }
end
