# frozen_string_literal: true
# Leak: one text gets a line more for every request; each time it is another String.
require_relative "harness"

class Activity
  def initialize
    @text = ""
  end

  def add(id)
    @text += "order #{id} was shipped to customer #{id % 70} by carrier 7 of Frankfurt\n" # leak:grows
  end
end

ACTIVITY = Activity.new

Harness.run { |id| ACTIVITY.add(id) }
