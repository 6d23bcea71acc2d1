# frozen_string_literal: true
# Leak: a callback is registered for every job and never removed; its closure captures the job.
require_relative "harness"

class Job
  CALLBACKS = [] # leak:holder

  def initialize(id)
    @payload = "payload of job #{id} " * 4 # leak:feeder
  end

  def on_done(&block)
    CALLBACKS << block # leak:alloc
  end
end

def enqueue(id)
  job = Job.new(id) # leak:feeder
  job.on_done { job }
end

Harness.run { |id| enqueue(id) }
