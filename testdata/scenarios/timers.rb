# frozen_string_literal: true
# Leak: a timer for every request stays in the scheduler's list after it has fired.
require_relative "harness"

class Timer
  def initialize(at, job)
    @at = at
    @job = job
  end
end

class Scheduler
  def initialize
    @timers = [] # leak:holder
  end

  def after(seconds, job)
    @timers << Timer.new(seconds, job) # leak:alloc
  end
end

SCHEDULER = Scheduler.new

def handle(id)
  SCHEDULER.after(60, -> { id }) # leak:feeder
end

Harness.run { |id| handle(id) }
