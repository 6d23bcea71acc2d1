# frozen_string_literal: true
# No leak: sessions that live for very different times; all of them end, and their number stays the same.
require_relative "harness"

class Session
  attr_reader :until

  def initialize(id, lifetime)
    @until = id + lifetime
    @user = "user #{id} with a long name and address"
    @cart = []
  end
end

SESSIONS = {}
RANDOM = Random.new(3)

Harness.run do |id|
  # Most are short; one in fifty lasts 700 requests, longer than a step.
  lifetime = (id % 50).zero? ? 700 : 30 + RANDOM.rand(120)
  SESSIONS[id] = Session.new(id, lifetime)
  SESSIONS.delete_if { |_, session| session.until <= id }
end
