# frozen_string_literal: true
# Leak: a linked list of states, the newest in a global variable, the older ones behind it.
require_relative "harness"

class State
  def initialize(previous, id)
    @previous = previous
    @screen = "screen #{id} " * 12 # leak:feeder
  end
end

$state = nil

def change(id)
  $state = State.new($state, id) # leak:alloc
end

Harness.run { |id| change(id) }
