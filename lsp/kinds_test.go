package lsp

import (
	"path/filepath"
	"testing"
)

// Whatever file a site names has its hints, whatever the editor takes it for.
func TestHintsInAnyKindOfFile(t *testing.T) {
	for _, name := range []string{
		"app/views/users/index.html.erb", "app/views/_form.haml", "app/views/show.slim", "app/views/show.json.jbuilder",
		"lib/tasks/import.rake", "config.ru", "app.gemspec", "Rakefile", "Gemfile", "bin/script", "lib/with space.rb", "lib/größe.rb",
	} {
		for _, language := range []string{"ruby", "plaintext", "html"} {
			t.Run(name+" as "+language, func(t *testing.T) {
				root := tempDir(t)
				file := write(t, root, name, appText)
				c := start(t, root)
				c.notify("textDocument/didOpen", object{"textDocument": object{
					"uri": fileURI(file), "languageId": language, "version": 1, "text": appText,
				}})
				c.load(write(t, root, "x.heap", heapOf(t, `10 String 400 "/srv/app/`+name+`:3"`)))
				c.wantHints(file, "2:18 10 objects · 4.0 kB retained")
			})
		}
	}
}

// What Ruby says of code without a file is nobody's file, also where one has
// that name.
func TestWhatNoFileHas(t *testing.T) {
	for _, tt := range []struct{ name, site string }{
		{"evaluated code", "(eval)"},
		{"evaluated code of a file", "(eval at /srv/app/lib/cache.rb:3)"},
		{"a script of the command line", "-e"},
		{"a script of standard input", "-"},
		{"Ruby's own", "<internal:kernel>"},
		{"Ruby's own, by path", "<internal:/usr/lib/ruby/vendor_ruby/rubygems/core_ext/kernel_require.rb>"},
		{"a C extension", "/usr/lib/x86_64-linux-gnu/ruby/3.1.0/openssl.so"},
		{"a gem's C extension", "/usr/local/bundle/gems/bcrypt-3.1.20/lib/bcrypt_ext.so"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := tempDir(t)
			decoys := []string{
				write(t, root, filepath.Base(tt.site), appText), write(t, root, "lib/"+filepath.Base(tt.site), appText),
				write(t, root, "lib/cache.rb", appText), write(t, root, "lib/kernel.rb", appText),
			}
			c := start(t, root)
			for _, file := range decoys {
				c.open(file, appText)
			}
			c.load(write(t, root, "x.heap", heapOf(t, `10 String 400 "`+tt.site+`:3"`)))
			for _, file := range decoys {
				c.wantHints(file)
			}
		})
	}
}
