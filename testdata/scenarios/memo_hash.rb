# frozen_string_literal: true
# Leak: a memo of rendered pages whose keys never repeat, as they contain the time.
require_relative "harness"

module Renderer
  @memo = {} # leak:holder

  def self.render(path, time)
    @memo["#{path}@#{time}"] ||= layout(path) # leak:feeder
  end

  def self.layout(path)
    "<main>#{path}</main>" * 6 # leak:alloc
  end
end

Harness.run { |id| Renderer.render("/orders/#{id % 10}", id * 1_000) }
