# frozen_string_literal: true
# Leak: a Set of the numbers of all orders that were ever seen; it gets longer without new objects.
require "set"
require_relative "harness"

class Dedup
  def initialize
    @done = Set.new # leak:grows leak:grows=/usr/lib/ruby/3.1.0/set.rb
  end

  def once(id)
    yield if @done.add?(id * 17)
  end
end

DEDUP = Dedup.new

Harness.run { |id| DEDUP.once(id) { id } }
