# frozen_string_literal: true
# No leak: sessions that end when their users like: some two hundred at a time, and each dump finds some of the last.
require_relative "harness"

SESSIONS = {}
CHANCE = Random.new(5)

Session = Struct.new(:user, :ends)

Harness.run do |id|
  SESSIONS[id] = Session.new("user #{id % 97}", id - 200 * Math.log(1 - CHANCE.rand))
  SESSIONS.delete_if { |_, session| session.ends < id }
end
