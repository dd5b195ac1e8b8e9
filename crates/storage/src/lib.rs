//! Where uploaded files are kept: local folder, S3, Cloudinary.
