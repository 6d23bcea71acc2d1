# frozen_string_literal: true
# Leak: a finalizer's block captures the very object that it is to be called for, which so never dies.
require_relative "harness"

class Upload
  def self.closer(upload)
    proc { upload.close } # leak:alloc
  end

  def initialize(id)
    @buffer = "chunk of upload #{id} " * 4 # leak:feeder
    ObjectSpace.define_finalizer(self, self.class.closer(self)) # leak:alloc
  end

  def close
    @buffer = nil
  end
end

def upload(id)
  Upload.new(id) # leak:alloc
  nil
end

Harness.run { |id| upload(id) if id.even? }
