"""The vault: the one zone that keeps personal items. Everything goes in; an item leaves only on a
permit, counted, and after the evidence says so."""
