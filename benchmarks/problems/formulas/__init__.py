"""Problems whose value is a closed formula."""
