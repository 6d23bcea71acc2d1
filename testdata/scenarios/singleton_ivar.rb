# frozen_string_literal: true
# Leak: the one and only application object keeps a history in an instance variable.
require_relative "harness"

class Application
  def self.instance
    @instance ||= new
  end

  def initialize
    @history = {} # leak:holder
  end

  def call(id)
    @history[id] = { status: 200, path: "/orders/#{id}/lines/#{id % 7}" } # leak:alloc leak:feeder
  end
end

Harness.run { |id| Application.instance.call(id) }
