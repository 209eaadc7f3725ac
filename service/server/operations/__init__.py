"""One public function is one call: it opens the transaction and returns the answer."""
