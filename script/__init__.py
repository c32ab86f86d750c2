"""Commands for people: `script/demo`, `script/test`, `script/services`."""
