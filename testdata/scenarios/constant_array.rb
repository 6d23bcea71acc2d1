# frozen_string_literal: true
# Leak: an audit log in a constant keeps an entry for every request.
require_relative "harness"

class Entry
  def initialize(id)
    @id = id
    @who = "user #{id % 97} of shop #{id % 11}" # leak:feeder
    @tags = ["order", "v#{id}"] # leak:feeder
  end
end

module AuditLog
  ENTRIES = [] # leak:holder

  def self.record(id)
    ENTRIES << Entry.new(id) # leak:alloc
  end
end

Harness.run { |id| AuditLog.record(id) }
