# frozen_string_literal: true
# No leak: a cache of 300 entries, least recently used out first; a third of the requests hit its hot keys.
require_relative "harness"

class Lru
  def initialize(max)
    @max = max
    @entries = {}
  end

  def fetch(key)
    value = @entries.delete(key) || yield
    @entries[key] = value
    @entries.shift if @entries.size > @max
    value
  end
end

CACHE = Lru.new(300)

Harness.run do |id|
  # The hot keys change slowly: some become hot in a later step, and stay.
  key = (id % 3).zero? ? id % 90 + id / 40 : id + 10_000
  CACHE.fetch("key-#{key}") { "value of #{key}, quite a long one" * 3 }
end
