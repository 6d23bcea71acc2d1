# frozen_string_literal: true
# Leak: a Queue that is only ever pushed to.
require_relative "harness"

class Mail
  def initialize(id)
    @to = "customer-#{id}@example.org (#{id % 9})" # leak:feeder
  end
end

OUTBOX = Thread::Queue.new # leak:holder

Harness.run { |id| OUTBOX << Mail.new(id) } # leak:alloc
