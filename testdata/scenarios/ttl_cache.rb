# frozen_string_literal: true
# No leak: a cache with String keys whose entries expire after 250 requests.
require_relative "harness"

class TtlCache
  TTL = 250

  def initialize
    @entries = {}
  end

  def fetch(key, now)
    @entries.delete_if { |_, (_, expires)| expires < now } if (now % 50).zero?
    @entries[key] ||= [yield, now + TTL]
  end
end

CACHE = TtlCache.new

Harness.run { |id| CACHE.fetch("order/#{id}/summary/of/all/lines", id) { "summary of order #{id} with its lines" } }
