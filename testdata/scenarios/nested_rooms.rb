# frozen_string_literal: true
# Leak: fifty chat rooms, each with a log of its own: none of the lists is big, all of them grow.
require_relative "harness"

class Room
  def initialize(name)
    @name = name
    @log = [] # leak:holder
  end

  def say(text)
    @log << { text: text, room: @name } # leak:alloc
  end
end

ROOMS = Array.new(50) { |i| Room.new("room #{i}") }

Harness.run { |id| ROOMS[id % 50].say("message #{id} from visitor #{id % 13}") } # leak:feeder
