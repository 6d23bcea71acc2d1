# frozen_string_literal: true
# Leak: times are kept which Ruby's own code allocates, behind Time.at.
require_relative "harness"

module Clock
  TICKS = [] # leak:holder leak:alloc=<internal:timev>

  def self.tick(id)
    TICKS << Time.at(id)
  end
end

Harness.run { |id| Clock.tick(id) }
