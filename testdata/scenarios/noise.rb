# frozen_string_literal: true
# What any program does besides leaking: nothing in here grows.
module Noise
  # Start-up data: all there before the first request.
  SETTINGS = Array.new(200) { |i| ["setting.#{i}", "value #{i * 7}"] }.to_h

  # A bounded cache, least recently used out first. Twenty keys are hot and stay for ever.
  PAGES = {}

  # The newest 40 requests.
  RECENT = []

  COUNTS = Hash.new(0)

  Request = Struct.new(:id, :path)

  def self.request(id)
    request = Request.new(id, "/orders/#{id}?page=#{id % 17}")
    RECENT << request
    RECENT.shift if RECENT.size > 40
    COUNTS[id % 25] += 1
    page((id % 3).zero? ? id % 60 : id)
    words = Array.new(20) { |i| "word #{i} of #{id}" }
    words.join(" ").upcase.split.map { |x| [x, x.size] }.to_h
  end

  def self.page(key)
    PAGES.shift if PAGES.size >= 120
    PAGES[key] = PAGES.delete(key) || "<p>page #{key}</p>" * 4
  end
end
