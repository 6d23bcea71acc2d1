# frozen_string_literal: true
# Two leaks: one line makes what is put into two lists that nobody empties.
require_relative "harness"

Entry = Struct.new(:id, :what)

module Entries
  def self.build(id, what)
    Entry.new(id, what) # leak:alloc leak2:alloc
  end
end

AUDITS = [] # leak:holder
ERRORS = {} # leak2:holder

Harness.run do |id|
  AUDITS << Entries.build(id, :audit) if (id % 4).zero?
  ERRORS[id] = Entries.build(id, :error) if id % 6 == 1
end
