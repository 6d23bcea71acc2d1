-- What test.lua runs last: code that is elsewhere, and other than it was when the dump was taken. moved.sh beside this
-- script makes the project and says what its sites are.

local t = ...
local test, is, await, hints = t.test, t.is, t.await, t.hints

local shop = vim.uv.fs_realpath(assert(vim.uv.fs_mkdtemp(vim.fs.joinpath(vim.uv.os_tmpdir(), 'heapline-XXXXXX'))))
local gem_home = shop .. '-gems'

--- Opens a file of the project, or another by its absolute path.
local function open(name)
  vim.cmd.edit(vim.startswith(name, '/') and name or vim.fs.joinpath(shop, name))
  return vim.api.nvim_get_current_buf()
end

--- A line's hint without its bytes: 15 objects · 15.0 kB retained → 15
local function objects(text)
  return (text:gsub(' objects · .*', ''))
end

--- The hints that a buffer is to have: 1-based line → how many objects. First as the server has them, for hints of
--- before the last edit may still be on the screen and look right.
local function await_counts(what, bufnr, want)
  local last = vim.api.nvim_buf_line_count(bufnr)
  local range = { start = { line = 0, character = 0 }, ['end'] = { line = last, character = 0 } }
  local params = { textDocument = vim.lsp.util.make_text_document_params(bufnr), range = range }
  local got = {} ---@type table<integer, string>
  await(('%s of the server, which are to be %s'):format(what, vim.inspect(want)), function()
    local client = vim.lsp.get_clients({ name = 'heapline', bufnr = bufnr })[1]
    local answer = client and client.initialized and client:request_sync('textDocument/inlayHint', params, 10000, bufnr)
    got = {}
    for _, hint in ipairs(answer and answer.result or {}) do
      got[hint.position.line + 1] = objects(t.text_of(hint.label))
    end
    return answer and vim.deep_equal(got, want)
  end, function()
    return got
  end)
  await(('%s on the screen, which are to be %s'):format(what, vim.inspect(want)), function()
    return vim.deep_equal(vim.tbl_map(objects, hints(bufnr)), want)
  end, function()
    return hints(bufnr)
  end)
end

--- What stands on a line, as in: after typing.
local function line(bufnr, number)
  return vim.trim(vim.api.nvim_buf_get_lines(bufnr, number - 1, number, true)[1])
end

local function normal(keys)
  vim.cmd.normal({ vim.keycode(keys), bang = true, mods = { silent = true } })
end

local function undo_all(bufnr)
  vim.api.nvim_buf_call(bufnr, function()
    vim.cmd.undo({ 0, mods = { silent = true } })
  end)
  is(vim.bo[bufnr].modified, false, 'modified')
end

---------------------------------------------------------------------------------------------------

local made = vim.system({ vim.fs.joinpath(t.repository, 'lsp/testdata/nvim/moved.sh'), shop }):wait()
assert(made.code == 0, made.stderr)

-- The gems are in a folder of their own here, which the environment names.
assert(vim.uv.fs_rename(vim.fs.joinpath(shop, 'vendor/bundle/ruby/3.1.0'), gem_home))
vim.env.GEM_PATH = gem_home
vim.lsp.config('heapline', { settings = { heapline = { dump = vim.fs.joinpath(shop, 'app.heap') } } })

local store
local moved = { [5] = '23', [9] = '3', [10] = '4', [16] = '8', [17] = '~ 9', [23] = '15', [28] = '19' }

test('hints are on the lines that theirs have become in later commits', function()
  store = open('app/models/order_store.rb')
  await_counts('the hints', store, moved)
  is(line(store, 16), '@orders << order.dup', 'line 16')
  is(vim.lsp.get_clients({ name = 'heapline', bufnr = store })[1].root_dir, shop, 'root')
end)

test('the hover of a rewritten line says what it was', function()
  vim.api.nvim_win_set_cursor(0, { 17, 6 })
  vim.lsp.buf.hover()
  local text = await('the hover window', t.float_text)
  local want = 'This line has changed since the dump was taken. It was: `@names[order.id] = order.name.to_s`'
  assert(text:find(want, 1, true), ('no %q in:\n%s'):format(want, text))
  vim.api.nvim_win_close(select(2, t.float_text()), true)
end)

-- Each starts from the file as it is on disk. Keys are typed on a line; a table is what the API puts for lines.
for _, case in ipairs({
  { 'a line above', 1, 'Onew line<Esc>', { [6] = '23', [10] = '3', [11] = '4', [17] = '8', [18] = '~ 9', [24] = '15', [29] = '19' } },
  { 'lines in between', 16, 'o<C-u>one<CR>two<Esc>', { [5] = '23', [9] = '3', [10] = '4', [16] = '8', [19] = '~ 9', [25] = '15', [30] = '19' } },
  { 'a line deleted', 16, 'dd', { [5] = '23', [9] = '3', [10] = '4', [16] = '~ 9', [22] = '15', [27] = '19' } },
  { 'several lines deleted', 8, '5dd', { [5] = '23', [11] = '8', [12] = '~ 9', [18] = '15', [23] = '19' } },
  { 'a line typed into', 16, 'A # copied<Esc>', { [5] = '23', [9] = '3', [10] = '4', [16] = '~ 8', [17] = '~ 9', [23] = '15', [28] = '19' } },
  { 'a line split', 16, 'f<i<CR><Esc>', { [5] = '23', [9] = '3', [10] = '4', [17] = '~ 8', [18] = '~ 9', [24] = '15', [29] = '19' } },
  { 'the old text typed again', 17, '$F.D', { [5] = '23', [9] = '3', [10] = '4', [16] = '8', [17] = '9', [23] = '15', [28] = '19' } },
  { 'everything indented', 1, '>G', moved },
  { 'everything deleted', 1, 'dG', {} },
  { 'everything indented, then deleted', 1, '>GdG', {} },
  { 'a line moved past another', 9, 'ddp', { [5] = '23', [9] = '4', [10] = '3', [16] = '8', [17] = '~ 9', [23] = '15', [28] = '19' } },
}) do
  local name, at, keys, want = unpack(case)
  test(('unsaved: %s'):format(name), function()
    vim.api.nvim_set_current_buf(store)
    vim.api.nvim_win_set_cursor(0, { at, 0 })
    normal(keys)
    local ok, err = pcall(await_counts, 'the hints', store, want)
    undo_all(store) -- for the next test too
    assert(ok, err)
    await_counts('the hints after undo', store, moved)
  end)
end

local function client()
  local clients = vim.lsp.get_clients({ name = 'heapline' })
  is(#clients, 1, 'servers')
  return clients[1]
end

test('templates, tasks and scripts have their hints', function()
  for name, count in pairs({
    ['Gemfile'] = '101',
    ['Rakefile'] = '102',
    ['config.ru'] = '103',
    ['shop.gemspec'] = '104',
    ['lib/tasks/shop.rake'] = '105',
    ['bin/shop'] = '106',
    ['app/views/show.html.erb'] = '107',
    ['app/views/row.html.haml'] = '108',
    ['app/views/list.html.slim'] = '109',
    ['app/views/show.json.jbuilder'] = '110',
  }) do
    await_counts(name, open(name), { [2] = count })
  end
end)

local heapgem, othergem

test('a gem has its hints where it is installed here, from the same server', function()
  heapgem = open(gem_home .. '/gems/heapgem-2.2.6/lib/heapgem.rb')
  await_counts('the hints', heapgem, { [2] = '50' })
  is(client().root_dir, shop, 'root')
end)

test('another version of a gem has none', function()
  othergem = open(gem_home .. '/gems/othergem-3.0.0/lib/othergem.rb')
  await_counts('the hints', othergem, {})
end)

local function map(mappings)
  client().settings.heapline.pathMappings = mappings
  client():notify('workspace/didChangeConfiguration', { settings = client().settings })
end

test('path mappings that change are followed without another load', function()
  local loads = vim.tbl_count(t.progress)
  local copy = open('copy/lib/store.rb')
  await_counts('the hints of the copy', copy, {})
  map({ ['/srv/shop'] = '${workspaceFolder}/copy' })
  await_counts(
    'the hints of the copy',
    copy,
    { [3] = '3', [4] = '4', [8] = '8', [9] = '9', [14] = '14', [15] = '15', [19] = '19', [23] = '23' }
  )
  await_counts('the hints of the app', store, {})
  map({ ['/srv/shop'] = '${workspaceFolder}', ['/usr/local/bundle/gems/othergem-2.9.0'] = gem_home .. '/gems/othergem-3.0.0' })
  await_counts('the hints of the copy', copy, {})
  await_counts('the hints of the app', store, moved)
  await_counts('the hints of the other version', othergem, { [2] = '60' })
  map({})
  await_counts('the hints of the other version', othergem, {})
  await_counts('the hints of the gem', heapgem, { [2] = '50' })
  await_counts('the hints of the app', store, moved)
  is(vim.tbl_count(t.progress), loads, 'loads')
end)

vim.fn.delete(shop, 'rf')
vim.fn.delete(gem_home, 'rf')
