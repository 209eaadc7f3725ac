"""Search spaces: parameters, scales, conditions, boxes, previews."""
