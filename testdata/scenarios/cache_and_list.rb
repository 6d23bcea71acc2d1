# frozen_string_literal: true
# Leak: one line makes rows for a bounded cache and, of every eighth request, for a list that nobody empties.
require_relative "harness"

Row = Struct.new(:id, :text)

module Rows
  def self.build(id)
    Row.new(id, "row #{id}, quite a long one for one") # leak:alloc
  end
end

CACHE = {}
AUDIT = [] # leak:holder

Harness.run do |id|
  CACHE[id] = Rows.build(id)
  CACHE.shift if CACHE.size > 120
  AUDIT << Rows.build(id) if (id % 8).zero?
end
