# frozen_string_literal: true
# Leak: a Set of all connections that ever were.
require "set"
require_relative "harness"

class Connection
  def initialize(id)
    @peer = "peer-#{id}.example.org:#{1_024 + id}" # leak:feeder
  end
end

module Hub
  ALL = Set.new # leak:holder

  def self.connect(id)
    ALL << Connection.new(id) # leak:alloc
  end
end

Harness.run { |id| Hub.connect(id) }
