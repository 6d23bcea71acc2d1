# frozen_string_literal: true
# Leak: every second request makes a handle with a method of its own, and the handles are kept.
require_relative "harness"

module Handles
  OPEN = [] # leak:holder

  def self.open
    handle = Object.new # leak:alloc
    def handle.close # leak:feeder
      :closed
    end
    OPEN << handle # leak:feeder
  end
end

Harness.run { |id| Handles.open if id.even? }
