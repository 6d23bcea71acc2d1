# frozen_string_literal: true
# Leak: counters by Symbol, made from what the client sends: the Hash keeps each Symbol.
require_relative "harness"

module Counters
  HITS = Hash.new(0) # leak:holder

  def self.hit(name)
    key = name.to_sym # leak:alloc
    HITS[key] += 1
  end
end

Harness.run { |id| Counters.hit("client_header_#{id}") }
