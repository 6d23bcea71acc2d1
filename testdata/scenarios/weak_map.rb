# frozen_string_literal: true
# No leak: what is remembered about a request goes when the request goes.
require_relative "harness"

class Request
  def initialize(id)
    @path = "/orders/#{id}/lines?expand=all"
  end
end

NOTES = ObjectSpace::WeakMap.new

Harness.run do |id|
  request = Request.new(id)
  NOTES[request] = "note on request #{id}, a rather long one"
end
