# frozen_string_literal: true
# No leak: a cache of 300 entries that evicts any of them; some live long.
require_relative "harness"

ENTRIES = {}
CHANCE = Random.new(3)

Harness.run do |id|
  ENTRIES["key-#{id}"] = "value of #{id}, quite a long one" * 3
  ENTRIES.delete(ENTRIES.keys.sample(random: CHANCE)) if ENTRIES.size > 300
end
