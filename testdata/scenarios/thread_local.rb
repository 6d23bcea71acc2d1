# frozen_string_literal: true
# Leak: a trace in a thread-local variable that nobody clears at the end of a request.
require_relative "harness"

class Span
  def initialize(id)
    @name = "GET /orders/#{id}?expand=lines" # leak:feeder
    @start = id
  end
end

module Trace
  def self.spans
    Thread.current[:spans] ||= [] # leak:holder
  end

  def self.add(id)
    spans << Span.new(id) # leak:alloc
  end
end

Harness.run { |id| Trace.add(id) }
