# frozen_string_literal: true
# Leak: each session subscribes to one of eight topics and never leaves: eight lists grow.
require_relative "harness"

class Session
  def initialize(id)
    @token = "session-#{id}-#{id * 31}-abcdefghijkl" # leak:feeder
  end
end

class Bus
  def initialize
    @topics = {}
  end

  def subscribe(topic, session)
    list = @topics[topic] ||= [] # leak:holder
    list << session
  end
end

BUS = Bus.new

Harness.run do |id|
  session = Session.new(id) # leak:alloc
  BUS.subscribe(id % 8, session)
end
