# frozen_string_literal: true
# No leak: each step loads a batch, keeps it for the step and drops it for the next; their sizes differ.
require_relative "harness"

class Row
  def initialize(batch, number)
    @text = "row #{number} of batch #{batch}"
  end
end

class Import
  SIZES = [1_500, 900, 2_200].freeze

  def load(step)
    @rows = Array.new(SIZES[step]) { |i| Row.new(step, i) }
  end
end

IMPORT = Import.new

Harness.run { |id, step| IMPORT.load(step) if id % Harness::REQUESTS == 200 }
