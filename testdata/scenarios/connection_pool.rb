# frozen_string_literal: true
# No leak: a pool that opens one connection after the other until it has forty, early in the second step.
require_relative "harness"

class Connection
  def initialize(number)
    @name = "connection #{number} to db.example.org"
    @buffer = String.new(capacity: 2_000)
    @statements = {}
  end

  def query(id)
    @statements[id % 6] ||= "SELECT * FROM orders WHERE shard = #{id % 6}"
  end
end

class Pool
  MAX = 40

  def initialize
    @connections = []
  end

  def checkout(id)
    @connections << Connection.new(@connections.size) if @connections.size < MAX && (id % 18).zero?
    @connections.each { |c| c.query(id) }
  end
end

POOL = Pool.new

Harness.run { |id| POOL.checkout(id) }
