# frozen_string_literal: true
# No leak: a String that is appended to and flushed; the dumps meet it long, short and half full.
require_relative "harness"

BUFFER = String.new
# How many requests a flush comes after, in each step.
EVERY = [310, 580, 450].freeze

Harness.run do |id, step|
  at = (id - 1) % Harness::REQUESTS
  BUFFER.clear if (at % EVERY[step]).zero?
  BUFFER << "GET /orders/" << id.to_s << " 200 OK, 1,204 bytes in 12 ms from cache-frankfurt-2\n"
end
