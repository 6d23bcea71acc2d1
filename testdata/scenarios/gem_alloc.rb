# frozen_string_literal: true
# Leak: a gem allocates the messages, the program keeps them.
require_relative "harness"
require_relative "gem_alloc/gems/wire-1.2.0/lib/wire"

class Inbox
  def initialize
    @messages = [] # leak:holder
  end

  def receive(id)
    @messages << Wire.decode("#{id}|subject of #{id}|text of message #{id}, and some more of it")
  end
end

INBOX = Inbox.new

Harness.run { |id| INBOX.receive(id) }
