using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using WebSmtp.Mta.Collection;

namespace WebSmtp.Storage.Configurations;

sealed class CollectionConfiguration : IEntityTypeConfiguration<CollectionRecord>
{
    public void Configure(EntityTypeBuilder<CollectionRecord> builder)
    {
        builder.ToTable("Collections");
        builder.Property(c => c.Domain).HasMaxLength(255);
        builder.HasIndex(c => new { c.SiteId, c.Domain, c.Id });
        builder.HasIndex(c => c.EndedAt);
    }
}

sealed class CollectionTranscriptConfiguration : IEntityTypeConfiguration<CollectionTranscript>
{
    public void Configure(EntityTypeBuilder<CollectionTranscript> builder)
    {
        builder.ToTable("CollectionTranscripts");
        builder.HasKey(t => t.CollectionId);
        builder.Property(t => t.CollectionId).ValueGeneratedNever();
        builder.HasOne<CollectionRecord>().WithOne().HasForeignKey<CollectionTranscript>(t => t.CollectionId).OnDelete(DeleteBehavior.Cascade);
    }
}
