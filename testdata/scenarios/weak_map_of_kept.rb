# frozen_string_literal: true
# Leak: all requests are kept. What a WeakMap has of them grows with them, and is no leak of its own.
require_relative "harness"

NOTES = ObjectSpace::WeakMap.new

class Request
  ALL = [] # leak:holder

  def initialize(id)
    @path = "/orders/#{id}/lines?expand=all" # leak:feeder
  end

  def self.serve(id)
    request = new(id) # leak:alloc
    NOTES[request] = request
    ALL << request
  end
end

Harness.run { |id| Request.serve(id) }
