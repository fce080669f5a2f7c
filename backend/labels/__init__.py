"""Labels: schemes, accreditations, labels and recognitions, as those who answer for them signed them."""
