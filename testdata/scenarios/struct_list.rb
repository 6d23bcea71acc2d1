# frozen_string_literal: true
# Leak: measurements as Structs in a list that is never written out.
require_relative "harness"

Sample = Struct.new(:at, :name, :value)

class Recorder
  def initialize
    @samples = [] # leak:holder
  end

  def record(id)
    @samples << Sample.new(id, "cpu.core#{id % 4}.#{id}.percent.average", id * 0.5) # leak:alloc leak:feeder
  end
end

RECORDER = Recorder.new

Harness.run { |id| RECORDER.record(id) }
