#!/bin/bash
# moved.sh FOLDER: makes a Git repository with a heap dump, FOLDER/app.heap, and commits that came after it. Both
# editors' tests work on it. The dump is of a container: it says /srv/shop and /usr/local/bundle.
#
# A site's number of objects tells which one it is: in lib/store.rb it is the number of its line, as it was then. Each
# object has 1,000 bytes. The file is app/models/order_store.rb now, and copy/lib/store.rb is a copy as it was. Where
# the sites went:
#
#   3, 4, 8, 15  stand unchanged on other lines     9   was rewritten    14  was deleted
#   19           was indented                       23  was moved up, past the others
#
# The second line of every other file is a site.
set -euo pipefail

mkdir -p "$1"
cd "$1"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Test GIT_AUTHOR_EMAIL=test@example.org GIT_COMMITTER_NAME=Test GIT_COMMITTER_EMAIL=test@example.org

# Commits all there is, at a time of one day.
commit() {
  export GIT_AUTHOR_DATE=2024-05-06T$1:00Z GIT_COMMITTER_DATE=2024-05-06T$1:00Z
  git add --all
  git commit --quiet --message "$2"
}

# Writes a file from standard input.
write() {
  mkdir -p "$(dirname "$1")"
  cat >"$1"
}

#### The app as it ran

git init --quiet --initial-branch=main
printf '%s\n' /app.heap /vendor /.vscode >.gitignore
write lib/store.rb <<'RUBY'
class Store
  def initialize
    @orders = []
    @names = {}
  end

  def add(order)
    @orders << order.dup
    @names[order.id] = order.name.to_s
  end

  def log(text)
    # one line each
    @log ||= +""
    @log << text.inspect
  end

  def label(order)
    "order #{order.id}"
  end

  def totals
    @orders.map(&:total)
  end
end
RUBY
write copy/lib/store.rb <lib/store.rb
write Gemfile <<<$'source "https://rubygems.org"\ngem "rack"'
write Rakefile <<<$'# tasks\ntask(:default) { puts "x" }'
write config.ru <<<$'# rack\nrun ->(env) { [200, {}, []] }'
write shop.gemspec <<<$'# gem\nGem::Specification.new { |s| s.name = "shop" }'
write lib/tasks/shop.rake <<<$'# tasks\ntask(:count) { puts "x" }'
write bin/shop <<<$'#!/usr/bin/env ruby\nputs "x"'
write app/views/show.html.erb <<<$'<h1>Order</h1>\n<p><%= order.name %></p>'
write app/views/row.html.haml <<<$'%h1 Order\n%p= order.name'
write app/views/list.html.slim <<<$'h1 Order\np = order.name'
write app/views/show.json.jbuilder <<<$'# an order\njson.name order.name'
commit 10:00 'As it ran'

#### Its gems are not in the repository. Of one there is another version than the app had.

write vendor/bundle/ruby/3.1.0/gems/heapgem-2.2.6/lib/heapgem.rb <<<$'module HeapGem\n  ALL = %w[a b]\nend'
write vendor/bundle/ruby/3.1.0/gems/othergem-3.0.0/lib/othergem.rb <<<$'module OtherGem\n  ALL = %w[a b]\nend'

#### Its dump, half an hour later. Each line is: objects, file, line.

awk '
  function address() { return sprintf("0x%x", 4096 + 64 * ++objects) }
  {
    for (i = 0; i < $1; i++) {
      roots = roots (objects ? "," : "") "\"" (at = address()) "\""
      printf "{\"address\":\"%s\",\"type\":\"STRING\",\"class\":\"0x1000\",\"file\":\"%s\",\"line\":%d,\"memsize\":1000}\n", at, $2, $3
    }
  }
  END {
    print "{\"address\":\"0x1000\",\"type\":\"CLASS\",\"name\":\"String\",\"memsize\":0}"
    print "{\"type\":\"ROOT\",\"root\":\"vm\",\"references\":[" roots "]}"
  }' >app.heap <<'SITES'
3 /srv/shop/lib/store.rb 3
4 /srv/shop/lib/store.rb 4
8 /srv/shop/lib/store.rb 8
9 /srv/shop/lib/store.rb 9
14 /srv/shop/lib/store.rb 14
15 /srv/shop/lib/store.rb 15
19 /srv/shop/lib/store.rb 19
23 /srv/shop/lib/store.rb 23
101 /srv/shop/Gemfile 2
102 /srv/shop/Rakefile 2
103 /srv/shop/config.ru 2
104 /srv/shop/shop.gemspec 2
105 /srv/shop/lib/tasks/shop.rake 2
106 /srv/shop/bin/shop 2
107 /srv/shop/app/views/show.html.erb 2
108 /srv/shop/app/views/row.html.haml 2
109 /srv/shop/app/views/list.html.slim 2
110 /srv/shop/app/views/show.json.jbuilder 2
50 /usr/local/bundle/gems/heapgem-2.2.6/lib/heapgem.rb 2
60 /usr/local/bundle/gems/othergem-2.9.0/lib/othergem.rb 2
SITES
touch -d 2024-05-06T10:30:00Z app.heap

#### What came after it

sed -i -e '1i # frozen_string_literal: true\n' -e '/@orders <</i \    return if order.nil?\n' lib/store.rb
commit 11:00 'Insert'
sed -i '/@log ||=/d' lib/store.rb
commit 12:00 'Delete'
mkdir app/models
git mv lib/store.rb app/models/order_store.rb
commit 13:00 'Rename'
cd app/models
sed -i -e '/def totals/,$d' order_store.rb
sed -i -e '$d' -e '/^class/a \  def totals\n    @orders.map(\&:total)\n  end\n' order_store.rb
echo end >>order_store.rb
commit 14:00 'Move'
sed -i -e 's/\.to_s$/.to_s.freeze/' -e 's/^    "order .*/    if order\n  &\n    end/' order_store.rb
commit 15:00 'Rewrite'
sed -i '/# one line each/i \    # not committed' order_store.rb
