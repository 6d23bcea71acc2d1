# frozen_string_literal: true
module Wire
  class Message
    def initialize(fields)
      @fields = fields
    end
  end

  def self.decode(bytes)
    fields = bytes.split("|") # leak:feeder
    Message.new(fields) # leak:alloc
  end
end
